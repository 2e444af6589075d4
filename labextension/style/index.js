import './base.css';
import './asset.css';
